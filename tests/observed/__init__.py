"""Metrics, traces and logs of running services, and the dashboard and rules that are made of them."""
