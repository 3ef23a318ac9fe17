// Folders of the cache. None is ever made that everybody may write to, whatever the umask: Store would refuse it.
#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <sys/types.h>

namespace tenon::cache {

// Makes the folder and those above it, as far as they are missing, with `mode` less the umask. Within the cache's own
// folder the default: who may look into that one may read. Errors: Resource.
Status makeFolder(const std::string &path, mode_t mode = 0755);

} // namespace tenon::cache
