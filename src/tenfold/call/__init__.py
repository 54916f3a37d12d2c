"""The Python call: samples in memory in, samples in memory out, in the containers that came."""
