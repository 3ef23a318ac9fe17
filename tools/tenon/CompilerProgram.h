// tenon-compiler, which does what needs LLVM: where it is, and running it.
#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <vector>

namespace tenon::cli {

// The path of tenon-compiler beside this program or in ../libexec/tenon. HostUnfit where there is none, Resource where
// its libraries do not fit the limit on memory. `what` needs it: "'tenon compile'".
Result<std::string> findCompiler(const std::string &what);

// Runs it and waits; its messages go to stderr. The status is what it said by its exit code, with a message that only
// names `what`: the reason stands on stderr already.
Status runCompilerAndWait(const std::string &what, const std::vector<std::string> &arguments);

} // namespace tenon::cli
