from . import export as export
from . import losses as losses
from . import zoo as zoo

__version__: str
