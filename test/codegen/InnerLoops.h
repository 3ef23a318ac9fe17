// The innermost loops of generated code, for tests that look at instructions.
#pragma once

#include "llvm/ADT/STLExtras.h"
#include <string>
#include <vector>

namespace tenon::test {

struct InnerLoop {
  std::vector<std::string> instructions; // as LLVM prints them, without labels and directives

  int64_t count(const std::string &part) const {
    return llvm::count_if(instructions, [&](const std::string &i) { return i.find(part) != std::string::npos; });
  }
};

// Of assembly text for x86-64 or aarch64: each backward jump whose body holds no other one.
std::vector<InnerLoop> innerLoops(const std::string &assembly);

} // namespace tenon::test
