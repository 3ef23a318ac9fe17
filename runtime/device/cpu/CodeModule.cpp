#include "runtime/device/cpu/CodeModule.h"

#include "runtime/device/cpu/CodeImage.h"
#include "runtime/io/SystemError.h"

#include <algorithm>
#include <cerrno>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace tenon::cpu {

static int createMemoryFile() {
#ifndef MFD_EXEC
  constexpr unsigned MFD_EXEC = 0x10;
#endif
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  // Systems that forbid executable memory files by default (vm.memfd_noexec) want to be told; older kernels refuse the
  // flag.
  int fd = memfd_create("tenon-code", flags | MFD_EXEC);
  return fd < 0 && errno == EINVAL ? memfd_create("tenon-code", flags) : fd;
}

Result<CodeModule> CodeModule::load(std::span<const uint8_t> image, const std::string &name) {
  TENON_TRY(checkCodeImage(image, name));
  CodeModule module;
  module.name_ = name;
  module.fd_ = createMemoryFile();
  if (module.fd_ < 0)
    return io::systemError("create a memory file for", name, errno);
  for (size_t done = 0; done < image.size();) {
    ssize_t put = write(module.fd_, image.data() + done, std::min<size_t>(image.size() - done, size_t(1) << 30));
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return io::systemError("copy to memory", name, errno);
    done += static_cast<size_t>(put);
  }
  // From here on the bytes are those that were checked.
  if (fcntl(module.fd_, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return io::systemError("seal", name, errno);

  std::string path = "/proc/self/fd/" + std::to_string(module.fd_);
  module.handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!module.handle_) {
    const char *why = dlerror();
    return Status(Code::Resource, name + ": the system does not load the code: " + (why ? why : "unknown reason") +
                                      "; is /proc mounted, and is executable memory allowed here?");
  }
  return module;
}

Result<void *> CodeModule::symbol(const std::string &symbolName) const {
  if (void *address = dlsym(handle_, symbolName.c_str()))
    return address;
  return Status(Code::InvalidFile, name_ + ": has no function '" + symbolName + "'; the engine is damaged");
}

CodeModule::CodeModule(CodeModule &&other) noexcept { *this = std::move(other); }

CodeModule &CodeModule::operator=(CodeModule &&other) noexcept {
  if (this == &other)
    return *this;
  reset();
  name_ = std::move(other.name_);
  handle_ = std::exchange(other.handle_, nullptr);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

CodeModule::~CodeModule() { reset(); }

void CodeModule::reset() {
  if (handle_)
    dlclose(handle_);
  if (fd_ >= 0)
    close(fd_);
  handle_ = nullptr;
  fd_ = -1;
}

} // namespace tenon::cpu
