"""The names that a generated package offers beside its clients and models."""

from .changes.compare import Change
from .chat.messages import AudioPart, ChatContext, ChatMessage, ImagePart, TextPart, VideoPart
from .chat.text import ChatText
from .chat.tools import Tool, ToolCall, ToolFunction
from .client.core import KeyCheck
from .client.endpoint import AsyncEndpoint, Endpoint, EndpointInfo
from .client.untyped import AnyOutput, AnyProgress
from .errors import (
    AkiError,
    AuthenticationError,
    BadRequestError,
    BudgetExceededError,
    ConfigurationError,
    ConnectionFailedError,
    DeadlineExceededError,
    EndpointRemovedError,
    InvalidParametersError,
    JobCanceledError,
    JobError,
    JobFailedError,
    JobLapsedError,
    JobUnknownError,
    MediaError,
    MissingKeyError,
    MissingOutputError,
    NotEntitledError,
    NotFoundError,
    ParameterProblem,
    QueueFullError,
    RateLimitedError,
    ResultGoneError,
    ServerError,
    StatusError,
    TooLargeError,
    UnexpectedAnswerError,
)
from .events import Event, Meta, Queued, Running
from .fields.base import InputModel, OutputModel, ProgressModel
from .fields.parameters import Parameter
from .http.clients import fast_http_client
from .http.tracing import AkiInstrumentor
from .hub import Layout
from .jobs.async_job import AsyncJob, AsyncStream
from .jobs.showing import ProgressBar, progress_bar
from .jobs.sync_job import Job, Stream
from .json_value import Json
from .media.inputs import AudioInput, ImageInput, VideoInput
from .media.objects import Audio, Image, Media, Video
from .options import Options
from .store.budget import Budget, OpenCall
from .usage import Prices, Usage

__all__ = [
    "AkiError",
    "AkiInstrumentor",
    "AnyOutput",
    "AnyProgress",
    "AsyncEndpoint",
    "AsyncJob",
    "AsyncStream",
    "Audio",
    "AudioInput",
    "AudioPart",
    "AuthenticationError",
    "BadRequestError",
    "Budget",
    "BudgetExceededError",
    "Change",
    "ChatContext",
    "ChatMessage",
    "ChatText",
    "ConfigurationError",
    "ConnectionFailedError",
    "DeadlineExceededError",
    "Endpoint",
    "EndpointInfo",
    "EndpointRemovedError",
    "Event",
    "Image",
    "ImageInput",
    "ImagePart",
    "InputModel",
    "InvalidParametersError",
    "Job",
    "JobCanceledError",
    "JobError",
    "JobFailedError",
    "JobLapsedError",
    "JobUnknownError",
    "Json",
    "KeyCheck",
    "Layout",
    "Media",
    "MediaError",
    "Meta",
    "MissingKeyError",
    "MissingOutputError",
    "NotEntitledError",
    "NotFoundError",
    "OpenCall",
    "Options",
    "OutputModel",
    "Parameter",
    "ParameterProblem",
    "Prices",
    "ProgressBar",
    "ProgressModel",
    "QueueFullError",
    "Queued",
    "RateLimitedError",
    "ResultGoneError",
    "Running",
    "ServerError",
    "StatusError",
    "Stream",
    "TextPart",
    "TooLargeError",
    "Tool",
    "ToolCall",
    "ToolFunction",
    "UnexpectedAnswerError",
    "Usage",
    "Video",
    "VideoInput",
    "VideoPart",
    "fast_http_client",
    "progress_bar",
]
