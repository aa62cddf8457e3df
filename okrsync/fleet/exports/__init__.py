"""Write files for other schedulers; the head of each says how to install, watch and remove it.

All of them run ``okrsync sync --due`` often and leave zones, daylight saving and missed times to okrsync: they understand
these differently, and some not at all.
"""

from okrsync.fleet.exports.deployment import Deployment, folder_of
from okrsync.fleet.exports.files import Format, export_files
from okrsync.fleet.exports.hours import utc_hours

__all__ = ["Deployment", "Format", "export_files", "folder_of", "utc_hours"]
