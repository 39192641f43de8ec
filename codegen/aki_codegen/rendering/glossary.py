"""What fields of well-known names mean in the protocol of these hubs, for those of which a hub says nothing itself."""

from ..ir import Section

_INPUTS = {
    "audio": "What is listened to",
    "chat_context": "The conversation so far",
    "chat_output_format": "Form of the answer: chatml is text with its thinking, json an object",
    "guidance": "How closely the prompt is followed",
    "image": "The picture to start from",
    "image2image_strength": "How far to depart from the given picture",
    "height": "Height in pixels",
    "language": "Language of the text or speech",
    "max_gen_tokens": "Most tokens to generate",
    "negative_prompt": "What not to show",
    "num_samples": "How many to make",
    "prompt": "What is wanted, in words",
    "prompt_input": "One more message of the user, behind the conversation",
    "provide_progress_images": "Pictures while the job runs",
    "seed": "Seed of the randomness; -1 takes any",
    "source_language": "Language that the input is in",
    "src_lang": "Language that the input is in",
    "steps": "Steps to compute; more take longer",
    "target_language": "Language that is translated into",
    "temperature": "How random the answer is",
    "text": "What is read",
    "text_context": "The whole prompt as the model reads it",
    "tgt_lang": "Language that is translated into",
    "tools": "What the model may call",
    "top_k": "Choose among so many likeliest tokens",
    "top_p": "Choose among likeliest tokens of this probability together",
    "video": "What is watched",
    "voice": "Who speaks",
    "width": "Width in pixels",
}

_OUTPUTS = {
    "audio": "What was spoken",
    "audio_data": "What was spoken",
    "audio_output": "What was spoken",
    "current_context_length": "Tokens of the conversation, the answer included",
    "error": "What went wrong; raised as JobFailedError, so that a result has None",
    "image": "The picture",
    "images": "The pictures",
    "max_seq_len": "Tokens that the model can hold at most",
    "model_name": "Which model answered",
    "num_cached_tokens": "Tokens of the prompt that were read from the cache",
    "num_generated_tokens": "Tokens of the answer",
    "progress_images": "The pictures as they are so far",
    "progress_message": "What the worker says it is doing",
    "prompt": "The prompt that was used",
    "prompt_length": "Tokens of the prompt",
    "seed": "The seed that was used",
    "text": "The answer",
    "tool_calls": "What the model wants called",
    "video": "The video",
}

_PROGRESS = {
    "current_context_length": "Tokens of the conversation so far",
    "num_generated_tokens": "Tokens of the answer so far",
    "text": "The whole answer so far",
}


def meaning_of(wire_name: str, section: Section) -> str:
    """Return what a field of this name means, without a full stop; empty where the protocol gives it no meaning."""
    words = _INPUTS if section == "input" else _OUTPUTS
    if section == "progress":
        words = {**_OUTPUTS, **_PROGRESS}
    return words.get(wire_name, "")
