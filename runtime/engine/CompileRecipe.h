// The options that repeat an engine's compilation, read off its key fields.
//
// Key fields are text from a file: every value is checked against what its option can be before it is given to anybody,
// so that a hostile engine cannot put words into a command line. What the fields cannot say is which model it was:
// whoever repeats the compilation names it.
#pragma once

#include "runtime/base/Status.h"
#include "tenon/schema/engine_generated.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

struct CompileRecipe {
  std::vector<std::string> targets;           // specs, in order
  std::map<std::string, std::string> options; // by the flag's name without dashes: "quant", "max-batch", "weights", ...
  std::string source;                         // "checkpoint", "random" or "zeros"

  // "--target=cpu:x86-64-v4", "--quant=int4_wo:g128", ...: one word each, for execv.
  std::vector<std::string> arguments() const;
  // The same with other targets.
  CompileRecipe onTargets(std::vector<std::string> others) const;
};

// InvalidFile when a field is missing or no value of its option.
Result<CompileRecipe> recipeOf(const schema::Engine &engine);

// The words as a shell takes them; quoted where they need it.
std::string shellText(const std::vector<std::string> &words);

} // namespace tenon
