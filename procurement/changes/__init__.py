"""Order Change (X12 860 / 865, UBL OrderChange, EDIFACT ORDCHG): either side asks to alter what was agreed on a line.

On screen it is a change request. What was agreed stands until the other side accepts another wish; then it goes to the
ERP as any agreement does, and the ERP's own words end it.
"""
