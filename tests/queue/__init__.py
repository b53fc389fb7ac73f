"""Tests of queues: one suite of guarantees for every queue, and what is particular to the embedded one."""
