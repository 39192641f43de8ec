"""Print the answers of a short conversation while they are being written."""

from aki_client import Aki, ChatMessage

QUESTIONS = [
    "Tell me about the octopus in three sentences.",
    "How many hearts does it have?",
]

messages: list[ChatMessage] = [{"role": "system", "content": "You know a lot about animals."}]

with Aki() as aki:
    chat = aki.llama3_chat  # or any other chat endpoint of your hub
    for question in QUESTIONS:
        print(f"> {question}")
        messages.append({"role": "user", "content": question})

        # Leaving the block early, by Ctrl-C too, cancels the job on the hub.
        with chat.stream(chat_context=messages) as stream:
            for piece in stream.text():
                print(piece, end="", flush=True)
            answer = stream.result()

        print(f"\n[{answer.num_generated_tokens} tokens]\n")
        # The model remembers nothing: the next question is sent with all that was said before.
        messages.append({"role": "assistant", "content": answer.text.content})
