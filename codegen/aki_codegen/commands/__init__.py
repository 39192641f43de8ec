"""The commands of `aki-codegen`: each from its arguments to sentences and an exit status."""
