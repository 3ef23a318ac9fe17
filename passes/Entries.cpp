#include "passes/Entries.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace tenon;

static constexpr EntryBuffer kBodyArguments[] = {{"tokens", RowsOf::Step},
                                                 {"positions", RowsOf::Step},
                                                 {"slots", RowsOf::Step},
                                                 {"segments", RowsOf::Segments},
                                                 {"block_table", RowsOf::Fixed}};
static constexpr EntryBuffer kHeadArguments[] = {{"hidden", RowsOf::Body}, {"rows", RowsOf::Step}};
static constexpr Entry kEntries[] = {{"body", kBodyArguments, {"hidden", RowsOf::Step}, 4},
                                     {"head", kHeadArguments, {"logits", RowsOf::Step}, 2}};

const Entry *tenon::findEntry(StringRef name) {
  for (const Entry &entry : kEntries)
    if (entry.name == name)
      return &entry;
  return nullptr;
}

const Entry *tenon::getEntry(Operation *function) {
  auto name = function->getAttrOfType<StringAttr>(kEntryAttribute);
  const Entry *entry = name ? findEntry(name.getValue()) : nullptr;
  if (!entry) {
    function->emitOpError() << "must have the attribute 'model.entry', \"body\" or \"head\"";
    return nullptr;
  }
  auto type = cast<FunctionOpInterface>(function);
  if (type.getNumArguments() == entry->arguments.size() && type.getNumResults() == 1)
    return entry;
  InFlightDiagnostic diagnostic = function->emitOpError()
                                  << "is entry \"" << entry->name << "\" with " << type.getNumArguments()
                                  << " arguments and " << type.getNumResults() << " results, expected (";
  llvm::interleaveComma(entry->arguments, diagnostic, [&](const EntryBuffer &buffer) { diagnostic << buffer.name; });
  diagnostic << ") -> " << entry->result.name;
  return nullptr;
}
