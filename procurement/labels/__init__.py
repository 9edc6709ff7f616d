"""The papers that travel with goods: GS1 logistic labels as PDF and for label printers, packing slip, delivery note.

A leaf: it takes plain values and gives files. It knows no table, no page, and nobody's right to see anything.
"""
