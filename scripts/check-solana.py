"""Reads one message a line, as src/core/examples/solana_messages.rs prints them, and builds each again with solders."""

import json
import sys

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import Transaction
from solders import system_program as system
from solders.sysvar import RECENT_BLOCKHASHES, RENT

# PACKET_DATA_SIZE.
MAX_TRANSACTION_BYTES = 1_232
ASSOCIATED = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")


def token_account(owner, mint, program):
    return Pubkey.find_program_address([bytes(owner), bytes(program), bytes(mint)], ASSOCIATED)[0]


def pay(payer, payment):
    to, memo = Pubkey.from_string(payment["to"]), []
    if payment["memo"]:
        memo = [Instruction(MEMO, payment["memo"].encode(), [AccountMeta(payer, True, False)])]
    if "lamports" in payment:
        transfer = system.transfer({"from_pubkey": payer, "to_pubkey": to, "lamports": payment["lamports"]})
        return memo + [transfer]
    program, mint = Pubkey.from_string(payment["program"]), Pubkey.from_string(payment["mint"])
    source, destination = token_account(payer, mint, program), token_account(to, mint, program)
    create = []
    if payment["create"]:
        accounts = [
            AccountMeta(payer, True, True),
            AccountMeta(destination, False, True),
            AccountMeta(to, False, False),
            AccountMeta(mint, False, False),
            AccountMeta(system.ID, False, False),
            AccountMeta(program, False, False),
        ]
        create = [Instruction(ASSOCIATED, bytes([1]), accounts)]
    accounts = [
        AccountMeta(source, False, True),
        AccountMeta(mint, False, False),
        AccountMeta(destination, False, True),
        AccountMeta(payer, True, False),
    ]
    data = bytes([12]) + payment["amount"].to_bytes(8, "little") + bytes([payment["decimals"]])
    return create + memo + [Instruction(program, data, accounts)]


def instructions(payer, line):
    act = line["act"]
    if line["nonce"]:
        nonce = Pubkey.from_string(line["nonce"])
        yield system.advance_nonce_account({"nonce_pubkey": nonce, "authorized_pubkey": payer})
    if line["budget"]:
        yield set_compute_unit_limit(line["budget"][0])
        yield set_compute_unit_price(line["budget"][1])
    for payment in act.get("payments", []):
        yield from pay(payer, payment)
    if "create_nonce" in act:
        seed = f"purser-nonce-{act['create_nonce']}"
        nonce = Pubkey.create_with_seed(payer, seed, system.ID)
        yield system.transfer({"from_pubkey": payer, "to_pubkey": nonce, "lamports": act["lamports"]})
        yield system.allocate_with_seed({"address": nonce, "base": payer, "seed": seed, "space": 80, "owner": system.ID})
        yield system.initialize_nonce_account({"nonce_pubkey": nonce, "authority": payer})
    if "revoke" in act:
        nonce = Pubkey.from_string(act["revoke"])
        yield system.advance_nonce_account({"nonce_pubkey": nonce, "authorized_pubkey": payer})


def main():
    count = 0
    for text in sys.stdin:
        line = json.loads(text)
        payer = Pubkey.from_string(line["payer"])
        expected = Message.new_with_blockhash(list(instructions(payer, line)), payer, Hash.from_string(line["hash"]))
        found = bytes.fromhex(line["message"])
        if bytes(expected) != found:
            sys.exit(f"message {count} differs:\n{text}\nexpected {bytes(expected).hex()}")
        message = Message.from_bytes(found)
        signatures = [Signature.default()] * message.header.num_required_signatures
        transaction = Transaction.populate(message, signatures)
        transaction.sanitize()
        if bytes(message) != found or len(bytes(transaction)) > MAX_TRANSACTION_BYTES:
            sys.exit(f"message {count} is not what solders reads, or does not fit a packet:\n{text}")
        count += 1
    if count == 0:
        sys.exit("no messages")
    print(f"{count} messages are the same to the byte")


main()
