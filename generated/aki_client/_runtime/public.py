"""The names that a generated package offers beside its clients and models."""

from .async_jobs import AsyncJob
from .bars import ProgressBar, progress_bar
from .changes import Change
from .chat import AudioPart, ChatContext, ChatMessage, ImagePart, TextPart, VideoPart
from .chat_text import ChatText
from .client_core import KeyCheck
from .endpoint import AsyncEndpoint, Endpoint
from .errors import (
    AkiError,
    AuthenticationError,
    BadRequestError,
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
    MissingOutputError,
    NotEntitledError,
    NotFoundError,
    QueueFullError,
    RateLimitedError,
    ResultGoneError,
    ServerError,
    StatusError,
    TooLargeError,
    UnexpectedAnswerError,
)
from .events import Event, Meta, Queued, Running
from .fast import fast_http_client
from .hub import Layout
from .info import EndpointInfo
from .jobs import Job
from .json_value import Json
from .media import Audio, Image, Media, Video
from .media_input import AudioInput, ImageInput, VideoInput
from .models import InputModel, OutputModel, ProgressModel
from .options import Options
from .parameters import Parameter
from .streams import AsyncStream, Stream
from .tools import Tool, ToolCall, ToolFunction
from .untyped import AnyOutput, AnyProgress

__all__ = [
    "AkiError",
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
    "MissingOutputError",
    "NotEntitledError",
    "NotFoundError",
    "Options",
    "OutputModel",
    "Parameter",
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
    "Video",
    "VideoInput",
    "VideoPart",
    "fast_http_client",
    "progress_bar",
]
