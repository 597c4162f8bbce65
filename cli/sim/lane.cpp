#include "cli/sim/lane.hpp"

#include "cli/sim/connection.hpp"

#include <boost/asio/io_context.hpp>

namespace obliv::sim {

namespace tcp = boost::asio::ip;

Lane::Lane(loop::Loop& loop, std::shared_ptr<Shared> shared, int listener, bool v6)
    : loop_(loop), shared_(std::move(shared)),
      acceptor_(loop.context(), v6 ? tcp::tcp::v6() : tcp::tcp::v4(), listener),
      ticker_(loop.context()), retry_(loop.context()),
      wheel_(
          loop.now(), [this] { keep_ticking(); }, tick) {}

void Lane::accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](boost::system::error_code error, tcp::tcp::socket socket) {
            if (error == boost::asio::error::operation_aborted)
                return;
            if (error)
                return self->accept_later();
            std::make_shared<Connection>(self, std::move(socket))->start();
            self->accept();
        });
}

/// The process is out of descriptors, as a rule: trying again at once would only burn the CPU.
void Lane::accept_later() {
    retry_.expires_after(std::chrono::milliseconds(100));
    retry_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        if (!error)
            self->accept();
    });
}

/// Runs only while a reply waits for its time.
void Lane::keep_ticking() {
    if (ticking_)
        return;
    ticking_ = true;
    ticker_.expires_after(tick);
    ticker_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        self->ticking_ = false;
        if (!error && self->wheel_.advance(self->loop_.now()))
            self->keep_ticking();
    });
}

}  // namespace obliv::sim
