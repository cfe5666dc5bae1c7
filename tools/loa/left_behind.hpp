#pragma once
#include <string>

namespace loa::tool {

/// Before the authority of the controller in the state folder `controller` is ended: throws CommandError kRefused that names the nodes which have no certificate
/// by the next one and would be shut out. `database` is the store's URL; empty: loa.db in the folder. It is read beside a running controller and not
/// changed; where it cannot be read, that is refused too. Nothing where no other authority was begun.
void refuse_to_leave_behind(const std::string& controller, const std::string& database);

}  // namespace loa::tool
