"""Learned deformations: how the shapes of each class vary, and new shapes in sharp ink.

Hauberg, Freifeld, Larsen, Fisher & Hansen 2016, "Dreaming more data: class-dependent distributions
over diffeomorphisms for learned data augmentation" (AISTATS). The velocities here are cubic
B-splines and the maps their flows.
"""

from tenfold.learned.deformation.fit import fit_deformation
from tenfold.learned.deformation.model import Deformation
from tenfold.learned.deformation.settings import DeformationSettings

__all__ = ["Deformation", "DeformationSettings", "fit_deformation"]
