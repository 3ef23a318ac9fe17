#include "codegen/cpu/Link.h"
#include "lld/Common/Driver.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

using namespace mlir;
using namespace tenon::codegen;

namespace {
// An input that exists only in memory; lld reaches it through /proc.
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
} // namespace

FailureOr<CodeImage> tenon::codegen::cpu::linkSharedObject(ArrayRef<ObjectFile> objects, EmitError emitError) {
  static std::mutex oneLinkAtATime; // lld keeps its state in globals
  std::lock_guard lock(oneLinkAtATime);

  // lld makes its output beside the final name and renames it, so that one needs a real folder.
  llvm::SmallString<128> output;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("tenon-kernels", "so", output))
    return emitError() << "cannot make a temporary file for the linker: " << error.message()
                       << "; set TMPDIR to a folder that can be written",
           failure();
  llvm::FileRemover remover(output);
  std::vector<MemoryFile> inputs;
  bool ok = true;
  for (const ObjectFile &object : objects) {
    MemoryFile &input = inputs.emplace_back("object");
    ok = ok && input.valid() && input.write(object);
  }
  if (!ok)
    return emitError() << "cannot hold object code in memory: " << std::strerror(errno), failure();

  std::vector<std::string> words = {
      "ld.lld", "-shared", "-nostdlib",   "--hash-style=gnu", "--build-id=none", "-Bsymbolic", "--no-undefined",  "-z",
      "now",    "-z",      "noexecstack", "--strip-all",      "--threads=1",     "-o",         output.str().str()};
  for (const MemoryFile &input : inputs)
    words.push_back(input.path());
  std::vector<const char *> arguments;
  for (const std::string &word : words)
    arguments.push_back(word.c_str());

  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  auto written = result.retCode == 0
                     ? llvm::MemoryBuffer::getFile(output, /*IsText=*/false, /*RequiresNullTerminator=*/false)
                     : std::make_error_code(std::errc::io_error);
  if (!written)
    return emitError() << "linking the kernels failed: " << messages, failure();
  return CodeImage((*written)->getBufferStart(), (*written)->getBufferEnd());
}
