"""The last step of a simulation: the looks of real images, on labels that stay exact.

Stain, Staining, estimate_stain     haematoxylin and eosin in optical density
Colours                             means and spreads of colours moved (Reinhard)
Style, dress, dress_within          texture and colours of a few real images
edge_displacement                   how far edges moved: whether labels still fit
"""

from tenfold.synth.dress.density import background_light, density_of, light_through
from tenfold.synth.dress.dressing import Dressed, dress, dress_within
from tenfold.synth.dress.edges import Displacement, edge_displacement
from tenfold.synth.dress.macenko import estimate_stain
from tenfold.synth.dress.reading import read_images
from tenfold.synth.dress.reinhard import Colours
from tenfold.synth.dress.simulated import in_style
from tenfold.synth.dress.stain import EOSIN, HAEMATOXYLIN, Stain
from tenfold.synth.dress.staining import Staining
from tenfold.synth.dress.style import Style

__all__ = [
    "EOSIN",
    "HAEMATOXYLIN",
    "Colours",
    "Displacement",
    "Dressed",
    "Stain",
    "Staining",
    "Style",
    "background_light",
    "density_of",
    "dress",
    "dress_within",
    "edge_displacement",
    "estimate_stain",
    "in_style",
    "light_through",
    "read_images",
]
