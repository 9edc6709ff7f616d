"""Order acknowledgment (X12 855 and 865, UBL OrderResponse, EDIFACT ORDRSP): the supplier's answer to one revision."""
