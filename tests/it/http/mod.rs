mod answers;
mod faults;
mod framing;
mod load;
mod raw;
mod stop;
