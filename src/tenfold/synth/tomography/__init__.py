"""Tomography: labelled slices and volumes to projections, counts and images in Hounsfield units."""

from tenfold.synth.tomography.beam import Beam, one_energy, tube
from tenfold.synth.tomography.detector import Detector
from tenfold.synth.tomography.ellipses import (
    Ellipse,
    drawn_ellipses,
    exact_projections,
    shepp_logan,
)
from tenfold.synth.tomography.fbp import fbp
from tenfold.synth.tomography.filters import FILTERS
from tenfold.synth.tomography.geometry import Geometry, evenly
from tenfold.synth.tomography.iterative import sart
from tenfold.synth.tomography.rays import Rays, project
from tenfold.synth.tomography.scan import Scan, Scanner, scan, scan_slices, scan_volume
from tenfold.synth.tomography.slices import TomographySlice
from tenfold.synth.tomography.tissues import (
    TISSUES,
    Tissue,
    attenuation,
    hounsfield,
)
from tenfold.synth.tomography.volumes import Volume, read_volume

__all__ = [
    "FILTERS", "TISSUES", "Beam", "Detector", "Ellipse", "Geometry", "Rays", "Scan", "Scanner",
    "Tissue", "TomographySlice", "Volume", "attenuation", "drawn_ellipses", "evenly",
    "exact_projections", "fbp", "hounsfield", "one_energy", "project", "read_volume", "sart",
    "scan", "scan_slices", "scan_volume", "shepp_logan", "tube",
]  # fmt: skip
