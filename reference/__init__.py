"""What results are compared with: exact values, and the points where it is hard to be right.

For tests and benchmarks; never shipped.
"""
