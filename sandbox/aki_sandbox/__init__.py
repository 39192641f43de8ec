"""A stateful stand-in for AKI.IO, for people without a key, for tests and for working offline.

The rules of the hub (`hub`, `jobs`, `validate`, `work`) are plain Python on values; `app` puts them behind HTTP and
`server` on a socket; `faults` makes it misbehave on demand. Importing this package imports none of that.
"""
