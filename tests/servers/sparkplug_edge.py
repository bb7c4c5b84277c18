"""A Sparkplug B edge node built on the Python package pysparkplug, for the tests: an encoder that we did not write.

    sparkplug_edge.py PORT GROUP NODE

Commands are lines of JSON on standard input, each answered by a line on standard output once it was handed to the broker:

    {"birth": {"": [METRIC, ...], "device": [METRIC, ...]}}   connect (the first time) and announce all there is
    {"data": ["device", [METRIC, ...]]}                       changed metrics, of the node itself where device is ""
    {"death": "device"}                                       the device is gone
    {"skip": 1}                                               so many messages are lost on the way
    {"asked": true}                                           how often a rebirth was asked for

METRIC is {"name", "alias", "type", "value"}, and may have "timestamp", "historical" and "null". A rebirth that is asked for is
carried out with the values of the last birth and of the data since. The first line printed is {"ready": PORT}. When the
process is killed, the broker says that the node is dead.
"""

import json
import sys
import threading

import pysparkplug as spb

LOCK = threading.RLock()


def now():
    return spb.get_current_timestamp()


class Edge:
    def __init__(self, port, group, node):
        self.port, self.group, self.node = port, group, node
        self.client = spb.Client()
        self.seq = self.bd_seq = self.asked = 0
        self.places = None

    def topic(self, kind, device=""):
        names = {"device_id": device} if device else {}
        return spb.Topic(message_type=kind, group_id=self.group, edge_node_id=self.node, **names)

    def send(self, kind, payload, device="", types=False):
        message = spb.Message(topic=self.topic(kind, device), payload=payload, qos=spb.QoS.AT_MOST_ONCE, retain=False)
        self.client.publish(message, include_dtypes=types)

    def next(self):
        self.seq = (self.seq + 1) % 256
        return self.seq

    def metric(self, given, named):
        return spb.Metric(
            timestamp=given.get("timestamp", now()),
            name=given["name"] if named or "alias" not in given else None,
            alias=given.get("alias"),
            datatype=spb.DataType[given["type"].upper()],
            value=given.get("value"),
            is_historical=given.get("historical", False),
            is_null=given.get("null", False),
        )

    def bd_metric(self):
        return spb.Metric(timestamp=now(), name="bdSeq", datatype=spb.DataType.INT64, value=self.bd_seq)

    def birth(self, places):
        self.places = places
        if self.client._client.is_connected():
            return self.announce()
        will = spb.NDeath(timestamp=now(), bd_seq_metric=self.bd_metric())
        self.client.set_will(spb.Message(self.topic(spb.MessageType.NDEATH), will, spb.QoS.AT_LEAST_ONCE, False))
        command = self.topic(spb.MessageType.NCMD)
        self.client.subscribe(command, spb.QoS.AT_LEAST_ONCE, lambda _, message: self.command(message))
        connected = threading.Event()
        self.client.connect("127.0.0.1", port=self.port, callback=lambda _: connected.set())
        if not connected.wait(10):
            raise TimeoutError("the broker did not take us")
        self.announce()

    def announce(self):
        self.seq = 0
        for device, metrics in sorted(self.places.items()):
            metrics = tuple(self.metric(given, True) for given in metrics)
            if device:
                payload = spb.DBirth(timestamp=now(), seq=self.next(), metrics=metrics)
                self.send(spb.MessageType.DBIRTH, payload, device, True)
            else:
                control = spb.Metric(timestamp=now(), name="Node Control/Rebirth", datatype=spb.DataType.BOOLEAN, value=False)
                payload = spb.NBirth(timestamp=now(), seq=0, metrics=(self.bd_metric(), control, *metrics))
                self.send(spb.MessageType.NBIRTH, payload, types=True)

    def data(self, place):
        device, given = place
        for metric in given:
            for known in self.places[device]:
                if known["name"] == metric["name"] and not metric.get("historical"):
                    known.update({key: metric.get(key) for key in ("value", "null")})
                    known["null"] = bool(known["null"])
        metrics = tuple(self.metric(metric, False) for metric in given)
        kind, payload = (spb.MessageType.DDATA, spb.DData) if device else (spb.MessageType.NDATA, spb.NData)
        self.send(kind, payload(timestamp=now(), seq=self.next(), metrics=metrics), device)

    def death(self, device):
        self.send(spb.MessageType.DDEATH, spb.DDeath(timestamp=now(), seq=self.next()), device)
        del self.places[device]

    def skip(self, count):
        for _ in range(count):
            self.next()

    def command(self, message):
        with LOCK:
            if any(metric.name == "Node Control/Rebirth" and metric.value for metric in message.payload.metrics):
                self.asked += 1
                self.announce()


def main(port, group, node):
    edge = Edge(int(port), group, node)
    print(json.dumps({"ready": int(port)}), flush=True)
    for line in sys.stdin:
        try:
            with LOCK:
                for name, given in json.loads(line).items():
                    if name != "asked":
                        getattr(edge, name)(given)
                answer = {"asked": edge.asked}
        except Exception as fault:  # whatever it is, the test shall see it
            answer = {"error": repr(fault)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
