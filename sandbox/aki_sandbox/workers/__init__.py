"""The workers: what a job asks of one, and what it makes: words, pictures and sound."""
