#include "codegen/cpu/Link.h"
#include "lld/Common/Driver.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

using namespace mlir;
using namespace tenon::codegen;

namespace {
// A file that exists only in memory, so that it needs no name and no folder; lld reaches it through /proc.
class MemoryFile {
public:
  explicit MemoryFile(const char *name) : fd(memfd_create(name, MFD_CLOEXEC)) {}
  MemoryFile(MemoryFile &&other) : fd(std::exchange(other.fd, -1)) {}
  ~MemoryFile() {
    if (fd >= 0)
      close(fd);
  }
  bool valid() const { return fd >= 0; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd); }

  bool write(ArrayRef<char> bytes) {
    while (!bytes.empty()) {
      ssize_t done = ::write(fd, bytes.data(), bytes.size());
      if (done <= 0)
        return false;
      bytes = bytes.drop_front(done);
    }
    return true;
  }

private:
  int fd;
};

// Takes what lld writes. A pipe, since lld makes a regular file beside its name and renames it, which needs a folder.
class Collector {
public:
  Collector() {
    if (pipe2(ends, O_CLOEXEC) == 0)
      reader = std::thread([this] { collect(); });
  }
  ~Collector() { (void)finish(); }
  bool valid() const { return ends[1] >= 0; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(ends[1]); }

  // All that was written, once nobody writes any more.
  CodeImage finish() {
    if (reader.joinable()) {
      close(ends[1]);
      reader.join();
      close(ends[0]);
    }
    return std::move(bytes);
  }

private:
  void collect() {
    char buffer[65536];
    for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) != 0;)
      if (got > 0)
        bytes.insert(bytes.end(), buffer, buffer + got);
      else if (errno != EINTR)
        break;
  }

  int ends[2] = {-1, -1};
  std::thread reader;
  CodeImage bytes;
};

InFlightDiagnostic noRoom(EmitError emitError, StringRef reason) {
  InFlightDiagnostic diagnostic = asResourceError(emitError());
  diagnostic << "cannot hold the kernels in memory: " << reason
             << "; free some memory, or raise the limit on it (ulimit -v) or on the size of files (ulimit -f)";
  return diagnostic;
}
} // namespace

FailureOr<CodeImage> tenon::codegen::cpu::linkSharedObject(ArrayRef<ObjectFile> objects, EmitError emitError) {
  static std::mutex oneLinkAtATime; // lld keeps its state in globals
  std::lock_guard lock(oneLinkAtATime);

  Collector output;
  if (!output.valid())
    return noRoom(emitError, std::strerror(errno)), failure();
  std::vector<MemoryFile> inputs;
  for (const ObjectFile &object : objects) {
    MemoryFile &input = inputs.emplace_back("object");
    if (!input.valid() || !input.write(object))
      return noRoom(emitError, std::strerror(errno)), failure();
  }

  std::vector<std::string> words = {
      "ld.lld", "-shared", "-nostdlib",   "--hash-style=gnu", "--build-id=none", "-Bsymbolic", "--no-undefined", "-z",
      "now",    "-z",      "noexecstack", "--strip-all",      "--threads=1",     "-o",         output.path()};
  for (const MemoryFile &input : inputs)
    words.push_back(input.path());
  std::vector<const char *> arguments;
  for (const std::string &word : words)
    arguments.push_back(word.c_str());

  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  CodeImage image = output.finish();
  if (result.retCode == 0)
    return image;
  return emitError() << "linking the kernels failed: " << messages, failure();
}
