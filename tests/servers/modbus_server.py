"""A Modbus TCP server built on Debian's python3-pymodbus, for the tests: the other end of a wire that we did not write.

    modbus_server.py PORT [COMMAND]

Commands are lines of JSON on standard input. Each is answered by a line on standard output, once a client would see it:

    {"set": [address, [values]]}         holding registers
    {"set_input": [address, [values]]}   input registers

COMMAND is carried out before anybody can read. The first line printed is {"ready": PORT}. The server ends when its input does.
"""

import asyncio
import json
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusTcpServer

REGISTERS = {"set": 3, "set_input": 4}
SIZE = 1000


def apply(unit, command):
    for name, (address, values) in command.items():
        if address < 0 or address + len(values) > SIZE:
            raise ValueError(f"registers 0 to {SIZE - 1} are served, not {address} with {len(values)} values")
        unit.setValues(REGISTERS[name], address, values)


def answer(line):
    print(json.dumps(line), flush=True)


async def main(port, first):
    unit = ModbusSlaveContext(
        hr=ModbusSequentialDataBlock(0, [0] * SIZE), ir=ModbusSequentialDataBlock(0, [0] * SIZE), zero_mode=True
    )
    apply(unit, first)
    context = ModbusServerContext(slaves=unit, single=True)
    server = ModbusTcpServer(context, address=("127.0.0.1", port), allow_reuse_address=True)
    serving = asyncio.create_task(server.serve_forever())
    await asyncio.wait({serving, asyncio.ensure_future(server.serving)}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    answer({"ready": port})

    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async for line in commands:
        try:
            apply(unit, json.loads(line))
            answer({"done": True})
        except (KeyError, TypeError, ValueError) as error:
            answer({"error": repr(error)})


asyncio.run(main(int(sys.argv[1]), json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}))
