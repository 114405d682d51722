// An SMSC made with smpp. Give it a port, a system_id, a password and what becomes of
// messages (DELIVRD, UNDELIV …). It prints what it hears as lines of JSON; a message for
// a number that ends in 99 is refused, and one that ends in 77 has it drop the connection.
import smpp from "smpp";

const [port, user, word, fate] = process.argv.slice(2);
const say = (/** @type {object} */ o) => console.log(JSON.stringify(o));
let last = 0;

/** The final states of SMPP 3.4 §5.2.28. */
const states = { DELIVRD: 2, EXPIRED: 3, UNDELIV: 5, REJECTD: 8 };

const server = smpp.createServer({}, (session) => {
  session.on("error", (e) => say({ error: String(e) }));
  session.on("close", () => say({ closed: true }));
  session.on("bind_transceiver", (pdu) => {
    if (pdu.system_id !== user || pdu.password !== word) {
      say({ refused: pdu.system_id });
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      session.close();
      return;
    }
    say({ bound: pdu.system_id });
    session.send(pdu.response({ system_id: "smsc" }));
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    say({ unbound: true });
    session.send(pdu.response());
    session.close();
  });
  session.on("submit_sm", (pdu) => {
    if (pdu.destination_addr.endsWith("77") && last++ === 0) {
      session.destroy();
      return;
    }
    if (pdu.destination_addr.endsWith("99")) {
      session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
      return;
    }
    const id = `m-${++last}`;
    say({
      id, to: pdu.destination_addr, from: pdu.source_addr, text: pdu.short_message.message, coding: pdu.data_coding,
      ton: [pdu.source_addr_ton, pdu.dest_addr_ton], wants: pdu.registered_delivery, validity: String(pdu.validity_period && pdu.validity_period.toISOString ? pdu.validity_period.toISOString() : pdu.validity_period),
    });
    session.send(pdu.response({ message_id: id }));
    const receipt = { source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2601150900 done date:2601150900 stat:${fate} err:000 text:` };
    // Some send the parameters too, some the text alone.
    if (last % 2) Object.assign(receipt, { receipted_message_id: id, message_state: states[fate] });
    session.deliver_sm(receipt, (res) => say({ receipt: res.command_status }));
  });
});
server.listen(Number(port), "127.0.0.1", () => say({ ready: true }));
