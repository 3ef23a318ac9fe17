// Compiled kernels, loaded from memory: an ELF shared object becomes callable functions without touching a file system.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>

namespace tenon::cpu {

class CodeModule {
public:
  // Checks `image` (CodeImage.h), copies it into a sealed memory file and loads it with its names kept to itself.
  // `image` may go away afterwards; `name` only serves messages. Errors: those of checkCodeImage; Resource when the
  // system refuses.
  static Result<CodeModule> load(std::span<const uint8_t> image, const std::string &name);

  // Ownership: move-only. Destruction unloads the code: no function of it may be running or be called later.
  CodeModule(CodeModule &&other) noexcept;
  CodeModule &operator=(CodeModule &&other) noexcept;
  ~CodeModule();

  // The address of an exported symbol. Errors: InvalidFile when the image has none of that name. Threads: safe.
  Result<void *> symbol(const std::string &symbolName) const;

private:
  CodeModule() = default;
  void reset();

  std::string name_;
  void *handle_ = nullptr;
  // Stays open while the code is loaded: the loader knows libraries by path, and /proc/self/fd/<n> names this one only
  // as long as nobody else can get the number n.
  int fd_ = -1;
};

} // namespace tenon::cpu
