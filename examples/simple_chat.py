"""Ask a chat model one question and print its answer."""

import sys

from aki_client import Aki, AkiError
from aki_client.protocols import Chat

with Aki() as aki:  # the key comes from AKI_API_KEY
    chat: Chat = aki.llama3_chat  # or any other chat endpoint of your hub
    try:
        answer = chat(
            chat_context=[
                {"role": "system", "content": "You are a friendly assistant. Answer briefly."},
                {"role": "user", "content": "Why do cats always land on their feet?"},
            ],
            temperature=0.7,
            max_gen_tokens=300,
        )
    except AkiError as error:  # whatever goes wrong is one of these, with a sentence to show
        sys.exit(f"No answer: {error}")

print(answer.text)
print(f"[{answer.num_generated_tokens} tokens from {answer.model_name}]")
