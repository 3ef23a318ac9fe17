// Folders of the cache. None is ever made that everybody may write to, whatever the umask: Store would refuse it.
#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <sys/types.h>

namespace tenon::cache {

// Makes the folder and those above it, as far as they are missing, with `mode` less the umask. Within the cache's own
// folder the default: who may look into that one may read. Errors: Resource.
Status makeFolder(const std::string &path, mode_t mode = 0755);

// Engines are native code: whoever can write to a folder of them decides what runs. Usage where it belongs to another
// user or everybody may write to it, Resource where it cannot be inspected.
Status checkFolder(const std::string &path);

// Tells backup programs that the folder is a cache; a courtesy, so it may fail.
void tagFolder(const std::string &folder);

// --cache DIR where given, else $TENON_CACHE_DIR, $XDG_CACHE_HOME/tenon, ~/.cache/tenon. Empty where there is none of
// them, or the first of them is "off".
std::string chooseFolder(const std::string &asked);

} // namespace tenon::cache
