// tenon: everything that needs an engine but no compiler, so that it starts in milliseconds and ships without LLVM.
//
// `tenon compile`, `tenon plan` and `tenon cache` are run by tenon-compiler, which is looked for beside this program
// and in
// ../libexec/tenon.
#include "tools/cli/StandardStreams.h"
#include "tools/tenon/Verbs.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tenon;
using namespace tenon::cli;

static const ForeignVerb kCompilerVerbs[] = {
    {"compile", "Compile a model into an engine file"},
    {"plan", "Say exactly what an engine will take, without building it"},
    {"cache", "Look after the cache of compiled artifacts"},
};

// Whether the dynamic loader could not start `path`, which it says by ending with 127. Asked only under a limit on
// memory: it maps LLVM's libraries, and gives up with a message of its own where they do not fit.
static bool isRefusedByLoader(const std::string &path) {
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return false;
  const pid_t child = fork();
  if (child < 0)
    return false;
  if (child == 0) {
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO})
      if (const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC); nowhere >= 0)
        dup2(nowhere, descriptor);
    execl(path.c_str(), path.c_str(), "--version", static_cast<char *>(nullptr));
    _exit(1);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 127;
}

// Replaces this process by the compiler; returns only when it cannot.
static int runCompiler(char **argv) {
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  std::string folder(self, length > 0 ? static_cast<size_t>(length) : 0);
  folder.resize(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/'));
  for (const char *place : {"/tenon-compiler", "/../libexec/tenon/tenon-compiler"}) {
    const std::string path = folder + place;
    if (access(path.c_str(), X_OK) == 0 && isRefusedByLoader(path)) {
      Terminal().error(Status(Code::Resource, "the compiler's libraries do not fit the limit on memory\n"
                                              "  raise it (ulimit -v)"));
      return static_cast<int>(Code::Resource);
    }
    execv(path.c_str(), argv);
  }
  Terminal().error(Status(
      Code::HostUnfit,
      std::string("'tenon ") + argv[1] + "' needs tenon-compiler, which is not installed beside tenon (" + folder +
          ")\ninstall the compiler (Debian: the package tenon), or compile on another machine: engines "
          "are portable"));
  return static_cast<int>(Code::HostUnfit);
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
                    makeVerifyVerb, makeDoctorVerb, makeCompletionVerb})
    program.verbs.push_back(make());
  return runProgram(program, argc, argv);
}
