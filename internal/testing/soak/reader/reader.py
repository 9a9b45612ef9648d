# Looks for an account with Python's keyring, until the board says that it is over and once more then: see package soak.
import json
import mmap
import sys
import time

import keyring
import keyring.errors

with open(sys.argv[1], "rb") as file:
    # Floor, there, over and life.
    board = memoryview(mmap.mmap(file.fileno(), 32, prot=mmap.PROT_READ)).cast("q")

# GNOME's keyring, while entries are written to it, denies its collection once in a thousand looks or less. The module then tries to have one
# created, which is an InitError, or reports an ItemNotFoundException, as for an item that went between being found and being read. Only
# another look tells what is there.
REFUSALS = 3
refused = 0
over = False
while not over:
    over = board[2] != 0
    look = {"Floor": board[0], "There": board[1], "Life": board[3]}
    try:
        text = keyring.get_password("ers-login", sys.argv[2])
        if text is None:
            look["None"] = True
        else:
            look["Entry"] = text
        refused = 0
    except Exception as error:
        if (isinstance(error, keyring.errors.InitError) or type(error).__name__ == "ItemNotFoundException") and refused < REFUSALS:
            refused += 1
            over = False
            continue
        look["Trouble"] = f"{type(error).__name__}: {error}"
    look["Still"] = board[1]
    look["Lives"] = board[3]
    print(json.dumps(look), flush=True)
    time.sleep(0.25)
