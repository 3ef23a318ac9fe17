#include "test/codegen/InnerLoops.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

using namespace llvm;

// The label that an instruction jumps to, empty for other instructions.
static StringRef jumpTarget(StringRef instruction) {
  StringRef name = instruction.take_until([](char c) { return isSpace(c); });
  bool jumps = name.starts_with("j") || name == "b" || name.starts_with("b.") || name.starts_with("cb") ||
               name.starts_with("tb");
  size_t label = instruction.rfind(".L");
  return jumps && label != StringRef::npos ? instruction.substr(label) : StringRef();
}

std::vector<tenon::test::InnerLoop> tenon::test::innerLoops(const std::string &assembly) {
  SmallVector<StringRef> lines;
  StringRef(assembly).split(lines, '\n');
  StringMap<size_t> labels;
  std::vector<InnerLoop> loops;
  size_t lastBegin = 0; // the last loop taken begins here; a loop around it begins earlier
  bool taken = false;
  for (size_t at = 0; at < lines.size(); ++at) {
    StringRef line = lines[at].split('#').first.rtrim();
    if (line.ends_with(":"))
      labels[line.drop_back()] = at;
    auto target = labels.find(jumpTarget(line.trim()));
    if (target == labels.end() || (taken && target->second <= lastBegin))
      continue;
    InnerLoop loop;
    for (size_t i = target->second; i <= at; ++i)
      if (StringRef text = lines[i].trim(); !text.empty() && !text.starts_with(".") && !text.starts_with("#"))
        loop.instructions.push_back(text.str());
    loops.push_back(std::move(loop));
    lastBegin = target->second;
    taken = true;
  }
  return loops;
}
