// tenon: everything that needs an engine but no compiler, so that it starts in milliseconds and ships without LLVM.
//
// kCompilerVerbs are run by tenon-compiler (CompilerProgram.h).
#include "runtime/io/SystemError.h"
#include "tools/cli/StandardStreams.h"
#include "tools/tenon/CompilerProgram.h"
#include "tools/tenon/Verbs.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <unistd.h>

using namespace tenon;
using namespace tenon::cli;

static const ForeignVerb kCompilerVerbs[] = {
    {"compile", "Compile a model into an engine file"},
    {"plan", "Say exactly what an engine will take, without building it"},
    {"swap-weights", "Make a fine-tune's engine from another's code"},
    {"cache", "Look after the cache of compiled artifacts"},
};

// Replaces this process by the compiler; returns only when it cannot.
static int runCompiler(char **argv) {
  const std::string what = std::string("'tenon ") + argv[1] + "'";
  const Result<std::string> path = findCompiler(what);
  if (path.isOk())
    execv(path->c_str(), argv);
  const Status status = path.isOk() ? io::systemError("start", *path, errno) : path.status();
  Terminal().error(status);
  return static_cast<int>(status.code());
}

int main(int argc, char **argv) {
  reserveStandardStreams();
  if (argc > 1)
    for (const ForeignVerb &verb : kCompilerVerbs)
      if (std::strcmp(argv[1], verb.name) == 0 ||
          (argc > 2 && std::strcmp(argv[1], "--options-of") == 0 && std::strcmp(argv[2], verb.name) == 0))
        return runCompiler(argv);
  Program program{"tenon",
                  "Compile transformer models ahead of time and run them",
                  {},
                  {std::begin(kCompilerVerbs), std::end(kCompilerVerbs)}};
  for (auto make : {makeRunVerb, makeTokenizeVerb, makeInspectVerb, makeBenchVerb, makeKeygenVerb, makeSignVerb,
                    makeVerifyVerb, makeDiffVerb, makeDoctorVerb, makeCompletionVerb})
    program.verbs.push_back(make());
  return runProgram(program, argc, argv);
}
