"""From the IR to source text: schemas, models, templates, and the last look at what came of them."""
