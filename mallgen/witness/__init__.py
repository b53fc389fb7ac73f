"""Witnesses of breaking changes: old requests that the new version refuses, new answers that old clients cannot read.

Requests and answers are made from both contracts, and run by the generated code of both versions in child processes.
"""
