mod answers;
mod faults;
mod framing;
mod health;
mod load;
mod raw;
mod stop;
