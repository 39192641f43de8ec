"""Tests of `aki lint`, in each way to run it."""
