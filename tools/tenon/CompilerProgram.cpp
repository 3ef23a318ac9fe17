#include "tools/tenon/CompilerProgram.h"

#include "runtime/io/SystemError.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tenon::cli {
namespace {

// Whether the dynamic loader could not start `path`, which it says by ending with 127. Asked only under a limit on
// memory: it maps LLVM's libraries, and gives up with a message of its own where they do not fit.
bool isRefusedByLoader(const std::string &path) {
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

} // namespace

Result<std::string> findCompiler(const std::string &what) {
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  std::string folder(self, length > 0 ? static_cast<size_t>(length) : 0);
  folder.resize(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/'));
  for (const char *place : {"/tenon-compiler", "/../libexec/tenon/tenon-compiler"}) {
    std::string path = folder + place;
    if (access(path.c_str(), X_OK) != 0)
      continue;
    if (isRefusedByLoader(path))
      return Status(Code::Resource, "the compiler's libraries do not fit the limit on memory\n"
                                    "  raise it (ulimit -v)");
    return path;
  }
  return Status(
      Code::HostUnfit,
      what + " needs tenon-compiler, which is not installed beside tenon (" + folder +
          ")\ninstall the compiler (Debian: the package tenon), or compile on another machine: engines are portable");
}

Status runCompilerAndWait(const std::string &what, const std::vector<std::string> &arguments) {
  TENON_ASSIGN(const std::string path, findCompiler(what));
  std::vector<char *> argv{const_cast<char *>(path.c_str())};
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  // Ctrl-C ends the compiler, which cleans up, and then this program by what the compiler said.
  struct sigaction ignore{}, before{};
  ignore.sa_handler = SIG_IGN;
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  sigaction(SIGINT, &ignore, &before);
  pid_t child = -1;
  const int failed = posix_spawn(&child, path.c_str(), nullptr, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  int status = 0;
  while (!failed && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  sigaction(SIGINT, &before, nullptr);
  if (failed)
    return io::systemError("start", path, failed);
  if (WIFSIGNALED(status)) {
    std::raise(WTERMSIG(status)); // as the compiler ended, so do we
    return Status(Code::Internal, what + ": the compiler was ended by signal " + std::to_string(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0)
    return Status(static_cast<Code>(WEXITSTATUS(status)), what + ": compiling failed, see above");
  return Status::ok();
}

} // namespace tenon::cli
