"""The way in for answers: check them, render the template, put the result in place when it is whole."""

from renderer.answers import validate
from renderer.rendering import RenderError, TargetExistsError, render
from renderer.template import AnswerError, Template

__all__ = ["AnswerError", "RenderError", "TargetExistsError", "Template", "render", "validate"]
