"""The way in for answers: check them, render the template, put the result in place when it is whole."""

from renderer.render import RenderError, TargetExistsError, render
from renderer.template import AnswerError
from renderer.validate import validate

__all__ = ["AnswerError", "RenderError", "TargetExistsError", "render", "validate"]
