#include "tools/cli/LastResort.h"

#include "runtime/base/Status.h"
#include "runtime/io/Temporaries.h"

#include <csignal>
#include <cstdint>
#include <new>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace tenon::cli {
namespace {

[[noreturn]] void end(std::string_view text) {
  io::removeAllTemporaries();
  (void)!write(STDERR_FILENO, text.data(), text.size());
  _exit(static_cast<int>(Code::Resource));
}

// Whether the address space is used up to its limit: then malloc fails, and a library that does not look follows a null
// pointer. (MLIR allocates operations this way.)
bool outOfAddresses() {
  constexpr size_t kAsk = size_t(2) << 20; // more than malloc asks the system for at once
  void *block = mmap(nullptr, kAsk, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED)
    return true;
  munmap(block, kAsk);
  return false;
}

void onCrash(int number) {
  if (number == SIGSEGV && outOfAddresses())
    endOutOfMemory();
  if (number == SIGBUS)
    end("error: a file became shorter while it was being read, or the disk could not read it\n");
  io::removeAllTemporaries();
  raise(number); // SA_RESETHAND: the default action now
}

} // namespace

void endOutOfMemory() {
  end("error: out of memory\n  close other programs, raise the limit (ulimit -v), or lower --max-memory, --jobs, "
      "--max-seq or --max-batch\n");
}

void installLastResort() {
  io::removeTemporariesOnSignals();
  std::signal(SIGXFSZ, SIG_IGN);
  std::set_new_handler(endOutOfMemory);
  // The main thread's stack cannot grow in a full address space; the handler needs one that is there already.
  static uint64_t stack[8192];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  for (int number : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE}) {
    struct sigaction action = {};
    action.sa_handler = onCrash;
    action.sa_flags = SA_RESETHAND | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

} // namespace tenon::cli
