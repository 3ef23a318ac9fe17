// tenon-compiler: the verbs of `tenon` that need LLVM. Users call `tenon compile`, `tenon plan` and `tenon cache`,
// which start this program.
#include "runtime/io/Temporaries.h"
#include "tools/cli/LastResort.h"
#include "tools/cli/StandardStreams.h"
#include "tools/tenon-compiler/Verbs.h"
#include "llvm/Support/ErrorHandling.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

// LLVM ends the program where it cannot go on: a bug, but for threads that the system refuses.
static void onFatalError(void *, const char *reason, bool) {
  const bool refused = std::strstr(reason, "pthread") != nullptr;
  if (refused)
    std::fprintf(stderr,
                 "error: the system refused a thread: %s\n  raise its limits on memory (ulimit -v) and processes "
                 "(ulimit -u), or use --jobs 1\n",
                 reason);
  else
    std::fprintf(stderr, "error: LLVM: %s; this is a bug in Tenon\n", reason);
  tenon::io::removeAllTemporaries();
  std::_Exit(static_cast<int>(refused ? tenon::Code::Resource : tenon::Code::Internal));
}

int main(int argc, char **argv) {
  tenon::cli::reserveStandardStreams();
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { tenon::cli::endOutOfMemory(); });
  llvm::install_fatal_error_handler(onFatalError);
  tenon::cli::Program program{"tenon", "Compile transformer models ahead of time", {}, {}};
  program.verbs.push_back(tenon::cli::makeCompileVerb());
  program.verbs.push_back(tenon::cli::makePlanVerb());
  program.verbs.push_back(tenon::cli::makeSwapWeightsVerb());
  program.verbs.push_back(tenon::cli::makeCacheVerb());
  return tenon::cli::runProgram(program, argc, argv);
}
